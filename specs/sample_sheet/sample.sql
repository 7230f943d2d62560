-- The cells of a small workbook.
create table first_sheet (row_number int primary key, a text not null, b text);
create table sums (row_number int primary key, a int not null, b int not null, c int not null, total int not null check (total = a + b + c));
