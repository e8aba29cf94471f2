"""What can go wrong that a user can put right: one base class for all three packages."""

from __future__ import annotations


class CodeDeskError(Exception):
    """Something that a user can put right. The message is for the user: whole sentences that say
    what is wrong and what to do. The command line prints it and ends with exit code 2.

    * CodesetError                codesets/model.py
      * ReleaseUnavailable        codesets/model.py
      * TooMuch                   codesets/limits.py
      * NotWhole                  codesets/whole.py
    * SearchError                 index/errors.py
      * ExtraMissing              index/errors.py
      * BundleUnusable            index/bundle.py
      * ModelUnavailable          index/model.py
      * ExportFailed              index/export.py
      * EncoderDiffers            index/encoder.py
    * SettingsError               bot/settings.py
    * SlackSettingsError          bot/slack/app.py
    * LogUnavailable              bot/querylog/chain.py
      * DamagedFile               bot/querylog/verify.py
    * CheckpointError             bot/querylog/checkpoints.py
      * NotVouchedFor             bot/querylog/vouching.py
    * NoSuchQuestion              bot/querylog/tail.py
    * NoSuchCorrection            bot/querylog/tail.py
    * Held                        bot/querylog/retention.py
    * NotWritten                  bot/querylog/export.py
    * NotReplayable               bot/querylog/replay.py
    * Refused                     bot/corrections.py
    * OtherSystem                 bot/corrections.py
    * Misread                     bot/slack/audit_query.py
    * CasesUnreadable             bot/phi/evaluate.py
    """
