-- People who died in 2016 and 2017, out of two sheets.
create type field as enum ('arts', 'other');
create table professions (
  id   uuid primary key,
  name text not null unique
);
create table people (
  id            uuid primary key,
  name          text not null unique,
  profession_id uuid not null references professions (id),
  field         field not null,
  has_kids      boolean not null,
  born_on       date not null,
  died_on       date not null,
  age           smallint not null check (age between 0 and 120),
  check (died_on > born_on)
);
