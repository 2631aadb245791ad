#!/bin/sh
exec sh "${0%/*}/run" tap record 10
