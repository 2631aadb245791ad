#!/bin/sh
exec sh "${0%/*}/run" tap query 10
