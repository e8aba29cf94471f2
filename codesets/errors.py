"""The base class of all errors that a user can solve, in all three packages."""

from __future__ import annotations


class CodeDeskError(Exception):
    """An error that the user can solve. The message is for the user: whole sentences that say what
    is wrong and what to do. The command line prints it and ends with exit code 2.

    * CodesetError                codesets/model.py
      * ReleaseUnavailable        codesets/model.py
      * StoreUnusable             codesets/store/database.py
      * TooMuch                   codesets/limits.py
      * NotWhole                  codesets/whole.py
      * NotOneEdition             codesets/formats/icd10cm.py
      * NothingToLoad             codesets/loading/recognition.py
    * SearchError                 index/errors.py
      * ExtraMissing              index/errors.py
      * BundleUnusable            index/bundle.py
      * RowsDiffer                index/search/text_vectors.py
      * ModelUnavailable          index/embedding/models.py
      * ExportFailed              index/embedding/onnx_export.py
      * EncoderDiffers            index/embedding/encoder.py
    * VocabularyError             index/errors.py
    * SettingsError               bot/settings.py
    * SlackSettingsError          bot/slack/connections.py
    * TokenKeysError              bot/slack/workspaces/token_keys.py
    * LogUnavailable              bot/querylog/hash_chain.py
      * DamagedFile               bot/querylog/snapshot.py
      * Gap                       bot/querylog/trees.py
    * CheckpointError             bot/querylog/checkpoints.py
      * NoTree                    bot/querylog/checkpoints.py
      * NotVouchedFor             bot/querylog/vouching.py
      * NotCovered                bot/querylog/receipts.py
      * NotCosigned               bot/querylog/witnesses.py
      * WitnessSilent             bot/querylog/witnesses.py
    * NotStamped                  bot/querylog/timestamps.py
    * NoSuchQuestion              bot/querylog/append.py
    * AlreadyAnswered             bot/querylog/append.py
    * NoSuchCorrection            bot/querylog/append.py
    * Held                        bot/querylog/retention.py
    * ReviewRefused               bot/querylog/sampling.py
      * LinesDue                  bot/querylog/sign_offs.py
    * NotWritten                  bot/audit/export.py
    * NotReplayable               bot/audit/replay.py
    * Refused                     bot/audit/corrections.py
    * OtherSystem                 bot/audit/corrections.py
    * FileNotFetched              bot/slack/files.py
    * Misread                     bot/slack/search_syntax.py
    * BadField                    bot/audit/web/question_form.py
    * TooSlow                     bot/audit/web/reader.py
    * CallRefused                 bot/api/errors.py
      * Unauthorized              bot/api/errors.py
      * Forbidden                 bot/api/errors.py
      * TooMany                   bot/api/errors.py
      * StillAnswering            bot/api/errors.py
      * Oversized                 bot/api/errors.py
      * TooSlow                   bot/api/errors.py
      * Malformed                 bot/api/errors.py
    * CasesUnreadable             bot/phi/evaluate.py
    * X12Unreadable               bot/x12/errors.py
    * FhirFault                   bot/fhir/outcome.py
    * BackupError                 bot/backup/errors.py
    """
