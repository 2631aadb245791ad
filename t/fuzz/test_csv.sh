#!/bin/sh
exec sh "${0%/*}/run" tap csv 60
