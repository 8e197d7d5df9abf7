"""PostgreSQL: the pool, the migrations, and what its errors mean."""
