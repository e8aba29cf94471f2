"""Injuries by their type, site and side: codes of chapter 19; infections of the skin by site."""
