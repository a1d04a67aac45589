"""Writes of this room: releases, approvals, appeals and their answers."""
