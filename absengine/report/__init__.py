"""Results as people read them: terminal rows, pictures, a workbook and one self-contained page."""
