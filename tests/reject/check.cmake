# Compiles `source` and judges the outcome by `mode`: see CMakeLists.txt.
file(STRINGS ${source} why REGEX "^// reject: " LIMIT_COUNT 1)
string(REGEX REPLACE "^// reject: " "" why "${why}")
if(why STREQUAL "")
    message(FATAL_ERROR "${source} has no line \"// reject: REGEX\"")
endif()

set(define "")
if(mode STREQUAL "reject")
    set(define -DQUIPU_REJECT)
endif()
set(ENV{LC_ALL} C)
execute_process(
    COMMAND
        ${compiler} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I${include} ${define}
        ${source}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE said
    ERROR_VARIABLE said
)

if(mode STREQUAL "accept")
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "should compile:\n${said}")
    endif()
elseif(status EQUAL 0)
    message(FATAL_ERROR "should not compile with QUIPU_REJECT")
elseif(NOT said MATCHES "${why}")
    message(FATAL_ERROR "does not compile, but for another reason than \"${why}\":\n${said}")
endif()
