-- Cells of sheets that have no header.
create table days (day date primary key, amount int not null);
create table merged (
  row_number int primary key,
  a text not null,
  b text not null,
  c text not null,
  d text,
  h text not null
);
create table pairs (number int primary key, letter text not null);
create table signs (row_number int primary key, sign text not null);
create table mixed (row_number int primary key, cell text not null);
