module github.com/gramme-db/gramme/tools

go 1.26
