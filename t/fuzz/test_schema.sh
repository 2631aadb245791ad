#!/bin/sh
exec sh "${0%/*}/run" tap schema 20
