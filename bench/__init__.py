"""What Parley promises about speed, measured as ratios in one run: `python -m bench`, or `make bench`."""
