create table hens (id integer primary key, egg_id integer);
create table eggs (id integer primary key, hen_id integer not null references hens);
alter table hens add foreign key (egg_id) references eggs;
