"""How an injury happened: codes of chapter 20, and of abuse and neglect."""
