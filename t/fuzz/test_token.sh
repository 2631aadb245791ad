#!/bin/sh
exec sh "${0%/*}/run" tap token 60
