"""Transfer accuracy from tables: published results, what is measured, and how far one tells the other. No torch."""
