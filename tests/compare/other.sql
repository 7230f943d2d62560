create type state as enum ('new', 'paid', 'sent', 'lost');
create table people (
  id uuid primary key,
  email varchar(40) not null unique,
  name text not null,
  born date,
  score numeric(6,2) not null default 0
);
create table orders (
  id uuid primary key,
  number text not null,
  person_id uuid not null references people (id),
  status state not null,
  total numeric(12,2),
  note text,
  extra text
);
