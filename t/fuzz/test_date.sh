#!/bin/sh
exec sh "${0%/*}/run" tap date 60
