create type state as enum ('open', 'closed');
create table parents (id text primary key, title text);
create table items (
    id text primary key, t text, n bigint, d numeric, f double precision, b boolean, day date,
    at timestamptz, u uuid, tags text[], state state, must text not null default ''
);
