"""What the office writes about its plan: Word papers, pictures of the trend, a workbook of figures and goals."""
