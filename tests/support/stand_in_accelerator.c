/* An accelerator without hardware, in the moods of a real one: a TFLite external delegate with just the parts of the C
 * interface that it needs, in their fixed order. Built by the tests with plain gcc as libedgetpu.so.1, so that the daemon
 * loads it the way it loads the real library.
 *
 * It takes the operators that the Edge TPU compiler leaves in a file, "edgetpu-custom-op", and hands their input through
 * (tests/support/compiled_twin.py makes such files). EDGE_DMS_ACCELERATOR sets its mood, MOOD or MOOD@FILE, which begins
 * once that file exists:
 *   works    (without the variable)
 *   absent   no device answers: create returns NULL without a word, as libedgetpu does
 *   zeros    takes every operator of any file and answers with zeros
 *   aborts   as libedgetpu does on a transfer error
 *   exits    ends the process with status 3
 *   hangs    never comes back
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { int size; int data[]; } Ints;

typedef struct {
  int type;
  void *data;
  Ints *dims;
  float scale;
  int32_t zero_point;
  int allocation;
  size_t bytes;
  char rest[112 - 48]; /* a tensor is 112 bytes in both runtimes */
} Tensor;

typedef struct { Ints *inputs, *outputs, *intermediates, *temporaries; void *user_data; } Node;

struct Context;
struct Delegate;

typedef struct {
  void *(*init)(struct Context *, const char *, size_t);
  void (*free)(struct Context *, void *);
  int (*prepare)(struct Context *, Node *);
  int (*invoke)(struct Context *, Node *);
  const char *(*profile)(const struct Context *, const Node *);
  int32_t builtin_code;
  const char *custom_name;
  int version;
  void *external, *async;
  uint64_t in_place;
} Operator;

typedef struct Context {
  size_t tensors_size;
  int (*execution_plan)(struct Context *, Ints **);
  Tensor *tensors;
  void *implementation, *resize, *report, *add_tensors;
  int (*node_and_operator)(struct Context *, int, Node **, Operator **);
  int (*replace)(struct Context *, Operator, const Ints *, struct Delegate *);
} Context;

typedef struct Delegate {
  void *data;
  int (*prepare)(Context *, struct Delegate *);
  void *copy_from, *copy_to, *free_handle;
  int64_t flags;
  void *opaque;
} Delegate;

static const char *wanted(void) {
  const char *mood = getenv("EDGE_DMS_ACCELERATOR");
  return mood == NULL ? "works" : mood;
}

static bool in_mood(const char *mood) { return strncmp(wanted(), mood, strlen(mood)) == 0; }

static void misbehave(void) {
  const char *after = strchr(wanted(), '@');
  if (after != NULL && access(after + 1, F_OK) != 0) return;
  if (in_mood("aborts")) {
    fputs("stand-in accelerator: transfer error\n", stderr);
    abort();
  }
  if (in_mood("exits")) exit(3);
  while (in_mood("hangs")) pause();
}

static int prepare_node(Context *context, Node *node) {
  (void)context;
  (void)node;
  return 0;
}

static int invoke(Context *context, Node *node) {
  misbehave();
  bool zeros = in_mood("zeros");
  for (int i = 0; i < node->outputs->size; i++) {
    Tensor *output = &context->tensors[node->outputs->data[i]];
    if (zeros) {
      memset(output->data, 0, output->bytes);
    } else {
      memcpy(output->data, context->tensors[node->inputs->data[i]].data, output->bytes);
    }
  }
  return 0;
}

static bool is_mine(Context *context, int index) {
  Node *node;
  Operator *operator;
  if (in_mood("zeros")) return true;
  if (context->node_and_operator(context, index, &node, &operator) != 0) return false;
  return operator->custom_name != NULL && strcmp(operator->custom_name, "edgetpu-custom-op") == 0;
}

static int take_mine(Context *context, Delegate *delegate) {
  Ints *plan;
  if (context->execution_plan(context, &plan) != 0) return 1;
  /* Two copies: the plan itself changes when operators are looked at or replaced. */
  size_t bytes = sizeof(Ints) + sizeof(int) * (size_t)plan->size;
  Ints *all = malloc(bytes), *mine = malloc(bytes);
  int status = 1;
  if (all != NULL && mine != NULL) {
    memcpy(all, plan, bytes);
    mine->size = 0;
    for (int i = 0; i < all->size; i++) {
      if (is_mine(context, all->data[i])) mine->data[mine->size++] = all->data[i];
    }
    Operator standing_in = {.prepare = prepare_node, .invoke = invoke, .custom_name = "StandIn", .version = 1};
    status = mine->size == 0 ? 0 : context->replace(context, standing_in, mine, delegate);
  }
  free(all);
  free(mine);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)keys, (void)values, (void)count, (void)report;
  Delegate *delegate = in_mood("absent") ? NULL : calloc(1, sizeof *delegate);
  if (delegate == NULL) return NULL;
  delegate->prepare = take_mine;
  delegate->flags = 1; /* tensors of any size */
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
