# Uses the library as others do. Takes quipu (sources), build (ours), work (a folder to fill),
# version, compiler, generator and ctest.

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
        string(JOIN " " command ${ARGN})
        message(FATAL_ERROR "failed: ${command}\n${said}")
    endif()
endfunction()

set(consumer ${quipu}/tests/consumer)
set(configure ${CMAKE_COMMAND} -G ${generator} -DCMAKE_CXX_COMPILER=${compiler})

file(REMOVE_RECURSE ${work})
run(${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)

# Installed and found, by this version and by the last one that promises the same.
string(REGEX MATCH "^[0-9]+\\.[0-9]+" minor_version ${version})
foreach(wanted IN ITEMS ${version} ${minor_version})
    set(folder ${work}/find_${wanted})
    run(
        ${configure} -S ${consumer}/find_package -B ${folder} -Dwanted=${wanted}
        -DCMAKE_PREFIX_PATH=${work}/prefix
    )
    run(${CMAKE_COMMAND} --build ${folder})
    run(${ctest} --test-dir ${folder} --no-tests=error)
endforeach()

# Part of another project.
run(${configure} -S ${consumer}/add_subdirectory -B ${work}/add -Dquipu=${quipu})
run(${CMAKE_COMMAND} --build ${work}/add)
run(${ctest} --test-dir ${work}/add --no-tests=error)

# Versions that we are not.
foreach(wanted IN ITEMS 99 ${minor_version}.99 0.0.1)
    execute_process(
        COMMAND
            ${configure} -S ${consumer}/find_package -B ${work}/wrong_${wanted} -Dwanted=${wanted}
            -DCMAKE_PREFIX_PATH=${work}/prefix
        RESULT_VARIABLE status
        OUTPUT_VARIABLE said
        ERROR_VARIABLE said
    )
    if(status EQUAL 0)
        message(FATAL_ERROR "version ${wanted} was asked for and ${version} was taken")
    elseif(NOT said MATCHES "compatible with requested version|version: ${version}")
        message(FATAL_ERROR "version ${wanted} was refused for another reason:\n${said}")
    endif()
endforeach()
