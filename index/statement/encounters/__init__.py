"""Why a patient is seen, status and history: codes of chapter 21."""
