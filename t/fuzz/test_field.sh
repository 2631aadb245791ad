#!/bin/sh
exec sh "${0%/*}/run" tap field 20
