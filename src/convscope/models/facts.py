"""What each network costs as it was published: counted once, so that a list of them need build none.

    name: (weights, multiply-adds of one image)

Multiply-adds are those of convolutions and matrix products. ``tests/models/test_facts.py`` counts them again, and says
what a line must be.
"""

from __future__ import annotations

FACTS: dict[str, tuple[int, int]] = {
    "alexnet": (61_100_840, 714_188_480),
    "alexnet_mini": (1_006_058, 14_514_688),
    "convnext_mini": (413_322, 10_570_752),
    "convnext_tiny": (28_589_128, 4_455_531_264),
    "densenet": (977_482, 182_668_208),
    "densenet121": (7_978_856, 2_834_161_664),
    "densenet169": (14_149_480, 3_359_843_328),
    "densenet201": (20_013_928, 4_291_365_888),
    "densenet_mini": (134_570, 10_206_512),
    "googlenet": (6_624_904, 1_498_376_192),
    "googlenet_mini": (149_514, 11_617_664),
    "lenet": (233_578, 2_993_152),
    "lenet5": (61_706, 416_520),
    "mlp": (269_322, 268_800),
    "mobilenet_v2": (3_504_872, 300_774_272),
    "mobilenet_v2_mini": (197_194, 11_839_392),
    "nin": (7_595_176, 1_100_188_800),
    "nin_mini": (233_120, 13_115_904),
    "p4_mini": (107_040, 34_289_584),
    "p4m_mini": (108_860, 69_306_000),
    "plain_mini": (108_230, 8_847_776),
    "resnet101": (44_549_160, 7_801_405_440),
    "resnet110": (1_727_962, 252_887_680),
    "resnet152": (60_192_808, 11_513_626_624),
    "resnet18": (11_689_512, 1_814_073_344),
    "resnet20": (269_722, 40_551_040),
    "resnet32": (464_154, 68_862_592),
    "resnet34": (21_797_672, 3_663_761_408),
    "resnet44": (658_586, 97_174_144),
    "resnet50": (25_557_032, 4_089_184_256),
    "resnet56": (853_018, 125_485_696),
    "resnet_mini": (412_666, 19_283_456),
    "single_kernel": (124, 39_205),
    "squeezenet1_0": (1_248_424, 818_924_576),
    "squeezenet1_1": (1_235_496, 349_151_936),
    "squeezenet_mini": (170_602, 5_826_944),
    "tiny": (3_818, 94_720),
    "unet": (31_036_546, 48_096_083_968),
    "unet3d_mini": (1_401_282, 14_059_307_008),
    "unet_encoder": (18_856_266, 16_949_192_704),
    "unet_encoder_mini": (295_002, 9_330_176),
    "unet_mini": (482_466, 2_301_624_320),
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg11_bn": (132_868_840, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg13_bn": (133_053_736, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg16_bn": (138_365_992, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
    "vgg19_bn": (143_678_248, 19_632_062_464),
    "vgg_mini": (595_322, 8_461_824),
}
