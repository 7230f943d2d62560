-- The memory run's target.
create table customers_json (
  id    uuid not null,
  ref   text not null,
  name  text not null,
  city  text not null,
  note  text
);
