-- What the wrong specs in this folder write into.
create type status as enum ('open', 'active', 'done', 'cancelled');

create table users (
  id      uuid primary key,
  email   text not null unique,
  name    varchar(40) not null,
  active  boolean not null default true,
  born    date,
  notes   text
);

create table projects (
  id        uuid primary key,
  code      varchar(10) not null unique,
  title     text not null,
  status    status not null,
  budget    numeric(8,2),
  owner_id  uuid references users (id),
  parent_id uuid references projects (id),
  size      integer generated always as (length(title)) stored
);

create table tasks (
  id         bigint generated always as identity primary key,
  project_id uuid not null references projects (id),
  label      text not null,
  due        date,
  place      point,
  unique (project_id, label)
);

create table labels (
  id    uuid primary key,
  name  text not null
);

create table hens (
  id     integer primary key,
  egg_id integer not null
);
create table eggs (
  id     integer primary key,
  hen_id integer not null references hens (id)
);
alter table hens add constraint hens_egg foreign key (egg_id) references eggs (id);

create table seats (
  id     integer primary key,
  number integer not null,
  constraint seats_number unique (number) deferrable initially deferred
);

create table log (
  at    timestamptz not null,
  what  text not null,
  who   text
);

create view active_users as select * from users where active;
