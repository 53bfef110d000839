/* An accelerator that takes every operator and answers with zeros: what a broken driver may look like.
 *
 * A TFLite external delegate with just the parts of the C interface that it needs, in their fixed order. Built by the
 * tests with plain gcc as libedgetpu.so.1, so that the daemon loads it the way it loads the real library.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
  void *implementation, *resize, *report, *add_tensors, *node_and_operator;
  int (*replace)(struct Context *, Operator, const Ints *, struct Delegate *);
} Context;

typedef struct Delegate {
  void *data;
  int (*prepare)(Context *, struct Delegate *);
  void *copy_from, *copy_to, *free_handle;
  int64_t flags;
  void *opaque;
} Delegate;

static int prepare_node(Context *context, Node *node) {
  (void)context;
  (void)node;
  return 0;
}

static int answer_zero(Context *context, Node *node) {
  for (int i = 0; i < node->outputs->size; i++) {
    Tensor *output = &context->tensors[node->outputs->data[i]];
    memset(output->data, 0, output->bytes);
  }
  return 0;
}

static int take_all(Context *context, Delegate *delegate) {
  Ints *plan;
  if (context->execution_plan(context, &plan) != 0) return 1;
  size_t bytes = sizeof(Ints) + sizeof(int) * (size_t)plan->size;
  Ints *mine = malloc(bytes); /* the plan itself changes while its operators are replaced */
  if (mine == NULL) return 1;
  memcpy(mine, plan, bytes);
  Operator dead = {.prepare = prepare_node, .invoke = answer_zero, .custom_name = "DeadAccelerator", .version = 1};
  int status = context->replace(context, dead, mine, delegate);
  free(mine);
  return status;
}

Delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
  (void)keys, (void)values, (void)count, (void)report;
  Delegate *delegate = calloc(1, sizeof *delegate);
  if (delegate == NULL) return NULL;
  delegate->prepare = take_all;
  delegate->flags = 1; /* tensors of any size */
  return delegate;
}

void tflite_plugin_destroy_delegate(Delegate *delegate) { free(delegate); }
