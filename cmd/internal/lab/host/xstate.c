/*
 * The guest's kernel saves its processes' registers with PTRACE_GETREGSET in
 * 2696 octets, and gives them back as long. A processor with more state (AMX)
 * fills those octets and keeps quiet about the rest, but Linux takes it back
 * whole or not at all: the first process would end with "ptrace set fp regs
 * failed". Loaded before the C library, this lengthens what is given back to
 * what the processor has. What is added is empty: nothing in the guest asks for
 * the use of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long (*ptrace_fn)(enum __ptrace_request, ...);

long ptrace(enum __ptrace_request request, ...)
{
	static ptrace_fn next;
	static char state[65536];
	static size_t size;
	struct iovec whole = { state, sizeof(state) };
	va_list args;

	va_start(args, request);
	pid_t pid = va_arg(args, pid_t);
	void *addr = va_arg(args, void *);
	void *data = va_arg(args, void *);
	va_end(args);

	if (!next)
		next = (ptrace_fn)dlsym(RTLD_NEXT, "ptrace");
	if (request != PTRACE_SETREGSET || (long)addr != NT_X86_XSTATE)
		return next(request, pid, addr, data);

	const struct iovec *given = data;
	if (!size) {
		if (next(PTRACE_GETREGSET, pid, addr, &whole) < 0)
			return -1;
		size = whole.iov_len;
		memset(state, 0, size);
	}
	if (given->iov_len >= size)
		return next(request, pid, addr, data);
	memcpy(state, given->iov_base, given->iov_len);
	whole.iov_len = size;
	return next(request, pid, addr, &whole);
}
