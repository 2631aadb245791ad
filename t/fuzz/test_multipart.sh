#!/bin/sh
exec sh "${0%/*}/run" tap multipart 60
