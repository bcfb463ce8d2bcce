-- SPDX-License-Identifier: MIT
-- Sixteen requests in one write; wrk counts each answer.
function init(args)
    local requests = {}
    for i = 1, 16 do
        requests[i] = wrk.format("GET", "/")
    end
    batch = table.concat(requests)
end

function request()
    return batch
end
