/* What libcamera's virtual camera and picamera2 need of the kernel, for kernels that lack it.
 *
 * Preloaded into a process, it answers for /dev/udmabuf and the DMA heap: a buffer is a memfd. While the file
 * EDGE_DMS_CAMERA_HANGS exists, libcamera's own thread does not come back from filling a buffer: a driver that hangs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Requests of linux/udmabuf.h, linux/dma-heap.h and linux/dma-buf.h on 64-bit Linux. */
static const unsigned long UDMABUF_CREATE = 0x40187542, HEAP_ALLOCATE = 0xc0184800, SYNC = 0x40086200,
                           SET_NAME = 0x40086201;

struct create {
  uint32_t memfd, flags;
  uint64_t offset, size;
};

struct allocate {
  uint64_t bytes;
  uint32_t descriptor, descriptor_flags;
  uint64_t heap_flags;
};

static bool is_device(const char *path) {
  return path != NULL && (strcmp(path, "/dev/udmabuf") == 0 || strcmp(path, "/dev/dma_heap/linux,cma") == 0);
}

static int memory(uint64_t bytes) {
  int descriptor = (int)syscall(SYS_memfd_create, "dma buffer", MFD_CLOEXEC);
  if (descriptor >= 0 && ftruncate(descriptor, (off_t)bytes) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

int access(const char *path, int mode) {
  return is_device(path) ? 0 : (int)syscall(SYS_access, path, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (is_device(path)) return memory(0);
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int ioctl(int descriptor, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (request == UDMABUF_CREATE) return fcntl((int)((struct create *)argument)->memfd, F_DUPFD_CLOEXEC, 0);
  if (request == HEAP_ALLOCATE) {
    struct allocate *wanted = argument;
    int descriptor = memory(wanted->bytes);
    wanted->descriptor = (uint32_t)descriptor;
    return descriptor < 0 ? -1 : 0;
  }
  if (request == SYNC || request == SET_NAME) return 0;
  return (int)syscall(SYS_ioctl, descriptor, request, argument);
}

void *mmap64(void *where, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  /* libcamera maps a buffer each time it fills one; nobody else in the process maps a memfd from there. */
  const char *hangs = getenv("EDGE_DMS_CAMERA_HANGS");
  struct timespec moment = {.tv_nsec = 10000000};
  Dl_info caller;
  if (hangs != NULL && descriptor >= 0 && fcntl(descriptor, F_GET_SEALS) >= 0 &&
      dladdr(__builtin_return_address(0), &caller) != 0 && strstr(caller.dli_fname, "/libcamera") != NULL) {
    while (access(hangs, F_OK) == 0) nanosleep(&moment, NULL);
  }
  return (void *)syscall(SYS_mmap, where, bytes, protection, flags, descriptor, offset);
}
