#pragma once
#define QUIPU_VERSION 1
