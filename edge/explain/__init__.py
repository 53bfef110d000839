"""Explaining one alert from what it carries: reading it, judging its inequalities anew, words, a drawing."""
