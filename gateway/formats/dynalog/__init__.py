"""Varian dynalogs: a pair of text files, one for each bank of leaves, a line every 50 ms."""

from gateway.formats.dynalog.log import BankLog, DynalogPair
from gateway.formats.dynalog.motion import dynalog_trajectory
from gateway.formats.dynalog.reading import pair_of, read_bank

__all__ = ["BankLog", "DynalogPair", "dynalog_trajectory", "pair_of", "read_bank"]
