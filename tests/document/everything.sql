create type level as enum ('low', 'high');
create table customers (
    id bigint primary key, name varchar(80) not null, phone text, phone_hash text, level level not null default 'low',
    score integer, full_name text generated always as (name) stored, note text, created_at timestamptz not null
);
create table totals (region text not null, day date not null, amount numeric(12,2) not null, orders bigint not null,
    primary key (region, day));
create table audit_log (actor text, kind text, at timestamptz not null, detail jsonb);
create table never_written (id integer);
