"""Protobuf by hand: fields told apart as bytes, and messages described without generated code."""
