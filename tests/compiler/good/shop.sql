-- A shop: every kind of column, key and reference that the specs in this folder need.
create type state as enum ('new', 'paid', 'sent', 'cancelled');
create domain email as text check (value like '%@%');

create table people (
  id       uuid primary key,
  email    email not null unique,
  name     varchar(60) not null,
  born     date,
  score    numeric(6,2) not null default 0,
  tags     text[] not null default '{}',
  settings jsonb,
  boss_id  uuid references people (id),
  seen_at  timestamptz,
  slug     text generated always as (lower(name)) stored
);

create table orders (
  id        uuid primary key,
  number    varchar(12) not null unique,
  person_id uuid not null references people (id),
  status    state not null,
  total     numeric(10,2) not null,
  placed_on date not null,
  note      text
);

create table lines (
  order_id uuid not null references orders (id),
  position smallint not null,
  product  text not null,
  amount   integer not null,
  primary key (order_id, position)
);

create table totals (
  person_id uuid primary key references people (id),
  orders    bigint not null,
  spent     numeric(12,2),
  last_on   date,
  products  text
);

create table teams (
  id      integer primary key,
  lead_id integer not null
);
create table members (
  id      integer primary key,
  team_id integer not null references teams (id)
);
alter table teams add constraint teams_lead foreign key (lead_id) references members (id) deferrable initially deferred;

create schema audit;
create table audit.log (
  id     bigint generated always as identity primary key,
  at     timestamptz not null,
  action text not null,
  map    text,
  detail jsonb
);
