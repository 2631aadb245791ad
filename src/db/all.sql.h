/* Every statement file, once; see db/stmt.h. The registry is data: db does
 * not call into the rooms whose tables these are. */
#include "model/account.sql.h"
#include "model/workspace.sql.h"
#include "model/user.sql.h"
#include "model/field.sql.h"
#include "model/segment.sql.h"
#include "model/customer.sql.h"
#include "model/customer_delete.sql.h"
#include "model/trace.sql.h"
#include "model/job.sql.h"
#include "model/idempotency.sql.h"
#include "model/ops.sql.h"
