/*
 * Inside src/http: where the processes of a pool wait for a connection on the
 * socket that they share. Of those that sleep one is woken for each.
 */
#ifndef COFFER_HTTP_TURN_H
#define COFFER_HTTP_TURN_H

#include <signal.h>
#include <stdbool.h>

struct turn {
	int epoll, signals;
};

/* For this process alone, after its fork. `set` is blocked and stays so: its
 * signals arrive in turn_wait. False, and errno. */
bool turn_open(int listener, const sigset_t *set, struct turn *out);

/* Sleeps until a connection waits or a signal of the set has come. `note` is
 * told of each, also where connections never cease to wait. */
void turn_wait(const struct turn *t, void (*note)(int sig));

void turn_close(struct turn *t);

#endif
