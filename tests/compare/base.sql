create type state as enum ('new', 'paid', 'sent');
create table people (
  id uuid primary key,
  email varchar(60) not null unique,
  name text not null,
  born date,
  score numeric(6,2) not null default 0
);
create table orders (
  id uuid primary key,
  number text not null unique,
  person_id uuid not null references people (id),
  status state not null,
  total numeric(10,2),
  note text
);
