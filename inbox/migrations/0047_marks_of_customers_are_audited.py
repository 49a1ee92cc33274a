from django.db import migrations

# Who marks a customer, or takes the mark away. Without the name: the log is kept for good, and people may ask to be forgotten.
CONTACT = """
    CREATE TRIGGER audited AFTER UPDATE OF vip ON inbox_contact FOR EACH ROW WHEN (OLD.vip IS DISTINCT FROM NEW.vip)
        EXECUTE FUNCTION parley_audit('customer', 'id,public_id,brand_id,name,merged_into_id,created_at', 'id', 'brand_id');
"""
# A version rises with whatever is saved nearby (the hours, a team), so that conversations are looked at again: nobody has changed a weight
# or a promise then. Of the weights even the row may be made so.
WEIGHTS, POLICY = "id,brand_id,rescored_version,rescored_after", "id,public_id,brand_id,created_at"


def watch(table, values, when, name="audited", condition=""):
    return f"""CREATE TRIGGER {name} AFTER {when} ON {table} FOR EACH ROW {condition} EXECUTE FUNCTION parley_audit({values});"""


def weights(ignored):
    return f"'priority weights', '{ignored}', '', 'brand_id'"


def policy(ignored):
    values = f"'SLA policy', '{ignored}', 'name', 'brand_id'"
    return f"DROP TRIGGER audited ON inbox_slapolicy; {watch('inbox_slapolicy', values, 'INSERT OR UPDATE OR DELETE')}"


QUIET = f"""
    DROP TRIGGER audited ON inbox_priorityweights;
    {watch("inbox_priorityweights", weights(f"{WEIGHTS},version"), "INSERT", "audited_in", "WHEN (NEW.weights <> '{}')")}
    {watch("inbox_priorityweights", weights(f"{WEIGHTS},version"), "UPDATE OR DELETE")}
"""
BEFORE = f"""
    DROP TRIGGER audited ON inbox_priorityweights;
    DROP TRIGGER audited_in ON inbox_priorityweights;
    {watch("inbox_priorityweights", weights(WEIGHTS), "INSERT OR UPDATE OR DELETE")}
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0046_letter_keys")]

    operations = [
        migrations.RunSQL(CONTACT, "DROP TRIGGER audited ON inbox_contact"),
        migrations.RunSQL(QUIET, BEFORE),
        migrations.RunSQL(policy(f"{POLICY},version"), policy(POLICY)),
    ]
