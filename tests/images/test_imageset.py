from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from simzoo.errors import DataError
from simzoo.images.imageset import decode, file_hash, hash_of
from tests_images import encoded, picture
