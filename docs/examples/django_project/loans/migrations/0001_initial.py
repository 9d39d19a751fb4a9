from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Loan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("control_number", models.CharField(max_length=15, unique=True)),
                ("email", models.EmailField(max_length=254)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("approved", "Approved"),
                            ("disbursed", "Disbursed"),
                            ("manual review", "Manual Review"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="approved",
                        max_length=16,
                    ),
                ),
            ],
        ),
    ]
