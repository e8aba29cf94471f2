"""The checks of `codedesk doctor`: a module for each group, with small functions that look at one
thing each and return what they found. None of them changes anything."""
