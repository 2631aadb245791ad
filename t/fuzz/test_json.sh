#!/bin/sh
exec sh "${0%/*}/run" tap json 60
