from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A start; editors change them in the admin.
TOPICS = {
    "Agents": ["agent", "agentic", "tool use", "computer use"],
    "Language models": ["llm", "language model", "large language model", "pretraining", "instruction tuning"],
    "Reasoning": ["reasoning", "chain of thought", "mathematical", "theorem proving", "test time compute"],
    "Reinforcement learning": [
        "reinforcement learning",
        "rl",
        "rlvr",
        "rlhf",
        "grpo",
        "policy optimization",
        "reward model",
    ],
    "Image generation": ["image generation", "text to image", "image editing", "image synthesis", "gan"],
    "Video": ["video", "video generation", "video diffusion"],
    "3D and world models": ["3d", "4d", "gaussian splatting", "nerf", "world model", "scene reconstruction"],
    "Vision": [
        "object detection",
        "segmentation",
        "vision transformer",
        "visual recognition",
        "ocr",
        "visual representation",
    ],
    "Multimodal": ["multimodal", "vision language", "vision language model", "mllm", "vlm"],
    "Robotics": [
        "robot",
        "robotic",
        "robotics",
        "manipulation",
        "embodied",
        "vla",
        "vision language action",
        "autonomous driving",
    ],
    "Speech and audio": ["speech", "audio", "music", "voice", "text to speech"],
    "Retrieval": ["retrieval", "rag", "search agent", "deep research", "knowledge graph"],
    "Code": ["code generation", "coding", "coding agent", "software engineering", "program synthesis"],
    "Efficiency": [
        "quantization",
        "pruning",
        "distillation",
        "efficient",
        "sparse attention",
        "linear attention",
        "lora",
        "inference acceleration",
    ],
    "Safety": ["safety", "jailbreak", "alignment", "red teaming", "privacy", "attack success rate", "adversarial"],
    "Datasets and benchmarks": ["benchmark", "dataset", "evaluation"],
    "Health and science": [
        "medical",
        "clinical",
        "biology",
        "protein",
        "molecular",
        "drug",
        "scientific discovery",
        "chemistry",
    ],
}


def add_topics(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    topic = apps.get_model("papers", "Topic")
    topic.objects.bulk_create(
        topic(slug=name.lower().replace(" ", "-"), name=name, kind="keywords", terms=terms)
        for name, terms in TOPICS.items()
    )


class Migration(migrations.Migration):
    dependencies = [("papers", "0001_initial")]

    operations = [migrations.RunPython(add_topics, migrations.RunPython.noop)]
